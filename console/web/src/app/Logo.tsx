/** A whimbrel: a wader with a bill that bends down. Decoration; the name stands beside it. */
export function Logo({ size = 32 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 64 64" aria-hidden="true" focusable="false">
      <rect width="64" height="64" rx="14" fill="#1d5c72" />
      <g fill="none" stroke="#fdf6e6" strokeLinecap="round" strokeLinejoin="round">
        <path
          fill="#fdf6e6"
          strokeWidth="2"
          d="M56 28c-7 15-19 20-31 17-5-2-8-6-9-11-1-4-2-6-1-10a7 7 0 0 1 13-1c2 5 6 7 13 7z"
        />
        <path strokeWidth="3.4" d="M15 22c-5 2-9 7-10 15" />
        <path strokeWidth="3" d="M31 46v10M38 44v12" />
      </g>
      <circle cx="20.5" cy="23" r="2" fill="#1d5c72" />
    </svg>
  );
}
