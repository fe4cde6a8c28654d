/** All keys, as the sheet of shortcuts shows them. What they do is in shortcuts.ts, the tree and the canvas. */
export interface KeyGroup {
  title: string;
  keys: readonly { keys: string; does: string }[];
}

export const KEYS: readonly KeyGroup[] = [
  {
    title: "Anywhere",
    keys: [
      { keys: "Ctrl+K", does: "Find a component, page, query or command" },
      { keys: "?", does: "Show these keys" },
      { keys: "Ctrl+Z", does: "Undo" },
      { keys: "Ctrl+Shift+Z", does: "Redo" },
      { keys: "L", does: "Layers" },
      { keys: "I", does: "Insert" },
      { keys: "C", does: "Comment on what is selected" },
      { keys: "Q", does: "Queries, scripts and data sources" },
    ],
  },
  {
    title: "Selected components",
    keys: [
      { keys: "Ctrl+C", does: "Copy, also for another design" },
      { keys: "Ctrl+X", does: "Cut" },
      { keys: "Ctrl+V", does: "Paste" },
      { keys: "Ctrl+D", does: "Duplicate" },
      { keys: "Delete", does: "Delete" },
      { keys: "Alt+↑ ↓", does: "Move up or down" },
      { keys: "Alt+← →", does: "Move out of or into a container" },
      { keys: "Shift+L", does: "Lock for oneself, or release" },
      { keys: "F2", does: "Rename" },
      { keys: "Escape", does: "Select nothing" },
    ],
  },
  {
    title: "Canvas and layers",
    keys: [
      { keys: "Arrows", does: "Walk the components" },
      { keys: "Ctrl+A", does: "Select all of the page" },
      { keys: "Shift+click", does: "Select one more" },
      { keys: "Enter", does: "Layers: go to the first property" },
      { keys: "+ and -", does: "Zoom in, zoom out" },
      { keys: "0", does: "Life size" },
    ],
  },
  {
    title: "Code",
    keys: [
      { keys: "Ctrl+Space", does: "Offer names" },
      { keys: "Tab", does: "Indent" },
      { keys: "Escape, Tab", does: "Leave the editor" },
      { keys: "Ctrl+/", does: "Comment" },
      { keys: "Enter", does: "In a field: save the expression" },
    ],
  },
];
