/** The product's mark: two threads over and under. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <rect width="24" height="24" rx="6" fill="var(--accent-fill)" />
      <g fill="none" stroke="var(--accent-ink)" strokeWidth="2.6" strokeLinecap="round">
        <path d="M5 9h4.2M14.8 9H19M5 15h14" />
        <path d="M9 5v14M15 5v7.6M15 17.4V19" />
      </g>
    </svg>
  );
}
