import { Braces, DatabaseZap, Plug } from "lucide-react";
import type { DataSection } from "../../model/data";

const ICONS = { queries: DatabaseZap, scripts: Braces, dataSources: Plug };

export function DataIcon({ section }: { section: DataSection }) {
  const Icon = ICONS[section];
  return <Icon aria-hidden="true" />;
}
