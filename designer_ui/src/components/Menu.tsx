import { ContextMenu, DropdownMenu } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import css from "./Menu.module.css";

export interface MenuAction {
  label: string;
  keys?: string;
  icon?: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  run(): void;
}

/** null draws a line between groups. */
export type MenuEntries = readonly (MenuAction | null)[];

interface MenuProps {
  entries: MenuEntries;
  children: ReactElement;
}

type Kind = typeof DropdownMenu | typeof ContextMenu;

function items({ Item, Separator }: Pick<Kind, "Item" | "Separator">, entries: MenuEntries) {
  return entries.map((entry, i) =>
    entry === null ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: a separator is nothing but its position
      <Separator key={i} className={css.line} />
    ) : (
      <Item
        key={entry.label}
        className={`${css.item} ${entry.danger ? css.danger : ""}`}
        disabled={entry.disabled ?? false}
        onSelect={entry.run}
      >
        {entry.icon}
        <span className={css.label}>{entry.label}</span>
        {entry.keys ? <kbd className={css.keys}>{entry.keys}</kbd> : null}
      </Item>
    ),
  );
}

export function Menu({ entries, children }: MenuProps) {
  return (
    // A modal menu would write a <style> element, which the content security policy forbids.
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className={css.menu}
          align="end"
          sideOffset={4}
          collisionPadding={8}
          onClick={(event) => event.stopPropagation()}
        >
          {items(DropdownMenu, entries)}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface RightClickProps extends MenuProps {
  onOpen?: (open: boolean) => void;
}

export function RightClick({ entries, children, onOpen }: RightClickProps) {
  return (
    <ContextMenu.Root modal={false} {...(onOpen ? { onOpenChange: onOpen } : {})}>
      <ContextMenu.Trigger asChild>{children}</ContextMenu.Trigger>
      <ContextMenu.Portal>
        <ContextMenu.Content className={css.menu} collisionPadding={8}>
          {items(ContextMenu, entries)}
        </ContextMenu.Content>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}
