declare module "ot-json0" {
  interface Json0 {
    apply<T>(snapshot: T, op: unknown): T;
    transform(op: unknown, other: unknown, side: "left" | "right"): unknown;
    compose(first: unknown, second: unknown): unknown;
    invert(op: unknown): unknown;
  }
  export const type: Json0;
}
