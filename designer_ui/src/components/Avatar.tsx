import css from "./Avatar.module.css";

interface AvatarProps {
  name: string;
  color: string;
  size?: "m" | "s";
}

/** Up to two initials on the person's colour. */
export function Avatar({ name, color, size = "m" }: AvatarProps) {
  return (
    <span
      className={`${css.avatar} ${css[size]}`}
      style={{ backgroundColor: color }}
      // Drawn by the style sheet: the name is said by what is around it.
      data-initials={initials(name)}
      aria-hidden="true"
    />
  );
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? "?")][0] ?? "?";
  const last = words.length > 1 ? ([...(words.at(-1) ?? "")][0] ?? "") : "";
  return (first + last).toUpperCase();
}
