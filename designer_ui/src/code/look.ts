/** The editor's look, in the designer's own tokens. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const both = (light: string, dark: string) => `light-dark(${light}, ${dark})`;

export const colours = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: both("#7c3aed", "#c4a5ff") },
    {
      tag: [tags.string, tags.special(tags.string), tags.regexp],
      color: both("#15703f", "#7ad6a0"),
    },
    { tag: [tags.number, tags.bool, tags.null, tags.atom], color: both("#a4480a", "#f5b073") },
    { tag: [tags.comment], color: both("#6f7782", "#858d99"), fontStyle: "italic" },
    {
      tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.typeName],
      color: both("#2557d6", "#8fb0ff"),
    },
    { tag: [tags.propertyName], color: both("#0e6483", "#7cc9e3") },
    { tag: [tags.punctuation, tags.bracket, tags.operator], color: both("#545b65", "#a6adb8") },
  ]),
);

export const look = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--mono)",
    fontSize: "12px",
    lineHeight: "19px",
    fontFeatureSettings: "normal",
    scrollbarWidth: "thin",
    scrollbarColor: "var(--line-strong) transparent",
  },
  ".cm-content": { caretColor: "var(--ink)", padding: "8px 0" },
  ".cm-line": { padding: "0 10px" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-placeholder": { color: "var(--ink-2)" },
  ".cm-gutters": { backgroundColor: "transparent", border: "0", color: "var(--ink-3)" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 4px 0 14px", minWidth: "26px" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)" },
  "& .cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "transparent",
    outline: "1px solid var(--line-strong)",
    borderRadius: "2px",
  },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { backgroundColor: both("#c9d8fb", "#2f4780") },
  ".cm-bound": { backgroundColor: "var(--accent-soft)", borderRadius: "3px" },
  ".cm-fault": {
    textDecoration: "underline wavy var(--danger)",
    textDecorationSkipInk: "none",
    textUnderlineOffset: "3px",
  },
  ".cm-caret": {
    position: "relative",
    display: "inline",
    borderLeft: "2px solid var(--person)",
    marginLeft: "-1px",
    marginRight: "-1px",
  },
  ".cm-caret > span": {
    position: "absolute",
    zIndex: "10",
    bottom: "100%",
    left: "-2px",
    padding: "0 4px",
    borderRadius: "3px 3px 3px 0",
    backgroundColor: "var(--person)",
    color: "#fff",
    font: "500 10px / 14px var(--font)",
    whiteSpace: "nowrap",
    pointerEvents: "none",
  },
  // On the first line there is no room above.
  ".cm-line:first-of-type .cm-caret > span": {
    top: "100%",
    bottom: "auto",
    borderRadius: "0 3px 3px",
  },
  ".cm-tooltip": {
    border: "0",
    borderRadius: "6px",
    backgroundColor: "var(--raised)",
    boxShadow: "var(--shadow-float)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    padding: "4px",
    fontFamily: "var(--mono)",
    fontSize: "12px",
    maxHeight: "220px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
    padding: "2px 6px",
    borderRadius: "4px",
    color: "var(--ink)",
    lineHeight: "20px",
  },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--accent-fill)",
    color: "var(--accent-ink)",
  },
  ".cm-completionDetail": {
    marginLeft: "12px",
    font: "400 11px var(--font)",
    opacity: "0.7",
  },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
});

/** A single field of the form: no gutter, as high as its text. */
export const fieldLook = EditorView.theme({
  "&": { maxHeight: "160px" },
  ".cm-scroller": { fontSize: "11.5px", lineHeight: "18px" },
  ".cm-content": { padding: "4px 0" },
  ".cm-line": { padding: "0 7px" },
  // The field's own tag says who it is.
  ".cm-caret > span": { display: "none" },
});
