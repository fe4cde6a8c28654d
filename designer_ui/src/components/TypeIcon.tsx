import {
  Box,
  Calendar,
  CreditCard,
  Hash,
  Heading,
  Image,
  Link,
  type LucideIcon,
  RectangleHorizontal,
  Rows3,
  SeparatorHorizontal,
  SquareCheck,
  SquareChevronDown,
  SquareDashed,
  Table2,
  TextCursorInput,
  Type,
} from "lucide-react";

/** Icons by the names that component types use in their schemas. */
const ICONS: { [name: string]: LucideIcon } = {
  container: SquareDashed,
  card: CreditCard,
  form: Rows3,
  heading: Heading,
  text: Type,
  button: RectangleHorizontal,
  "text-input": TextCursorInput,
  "number-input": Hash,
  select: SquareChevronDown,
  checkbox: SquareCheck,
  "date-picker": Calendar,
  table: Table2,
  image: Image,
  link: Link,
  divider: SeparatorHorizontal,
};

export function TypeIcon({ icon }: { icon: string | undefined }) {
  const Icon = ICONS[icon ?? ""] ?? Box;
  return <Icon aria-hidden="true" strokeWidth={1.6} />;
}
