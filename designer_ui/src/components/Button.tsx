import type { ComponentProps, ReactNode } from "react";
import css from "./Button.module.css";
import { Tip } from "./Tip";

interface ButtonProps extends ComponentProps<"button"> {
  look?: "primary" | "plain" | "outline" | "danger";
  icon?: ReactNode;
}

export function Button({
  look = "outline",
  icon,
  className,
  children,
  type = "button",
  ...rest
}: ButtonProps) {
  return (
    <button type={type} className={`${css.button} ${css[look]} ${className ?? ""}`} {...rest}>
      {icon}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ComponentProps<"button">, "aria-label"> {
  label: string;
  /** What the tip says, where that is more than the label. */
  hint?: string;
  /** Shown after the label in the tip. */
  keys?: string;
  size?: "m" | "s";
  tip?: boolean;
}

/** A button that shows only its icon; its label is read out and shown as a tip. */
export function IconButton({
  label,
  hint,
  keys,
  size = "m",
  tip = true,
  className,
  type = "button",
  ...rest
}: IconButtonProps) {
  const button = (
    <button
      type={type}
      aria-label={label}
      aria-keyshortcuts={keys?.replaceAll("Ctrl", "Control")}
      className={`${css.icon} ${size === "s" ? css.small : ""} ${className ?? ""}`}
      {...rest}
    />
  );
  return tip ? (
    <Tip text={hint ?? label} keys={keys}>
      {button}
    </Tip>
  ) : (
    button
  );
}
