import type { Element } from "../model/document";
import type { Lease } from "../model/leases";
import { useOutline, useWatched, useWorkspace } from "../workspace/workspace";

export interface Holding {
  /** What covers the element. */
  lease: Lease | undefined;
  mine: boolean;
  /** Another holds it so that one's edits would be refused. */
  closed: boolean;
  /** Whether the server is sure. */
  known: boolean;
}

/** Who holds an element; rendered again when that changes. */
export function useLease(element: Element): Holding {
  const { commands, leases } = useWorkspace();
  const { known } = useWatched(leases.state);
  useOutline();
  const { leasing } = commands;
  const lease = leasing.on(element);
  return {
    lease,
    mine: lease !== undefined && leasing.isMine(lease),
    closed: leasing.closed(element) !== undefined,
    known,
  };
}

/** Whether others' leases keep one from editing an element. */
export function useClosed(element: Element): boolean {
  return useLease(element).closed;
}
