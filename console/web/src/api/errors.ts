/** A refusal in the contract's words: `code` for programs, `message` for people, `requestId` for whoever reads the log. */
export class CallError extends Error {
  readonly code: string;
  readonly status: number;
  readonly requestId: string;
  /** Seconds after which the server wants to be asked again; null when it said nothing of that. */
  readonly retryAfterS: number | null;

  constructor(message: string, code: string, status: number, requestId = "", retryAfterS: number | null = null) {
    super(message);
    this.name = "CallError";
    this.code = code;
    this.status = status;
    this.requestId = requestId;
    this.retryAfterS = retryAfterS;
  }
}

/** Codes of ours, for what never reached an operation. */
export const UNREACHABLE = "console.Unreachable";
export const SIGNED_OUT = "console.SignedOut";
export const REFUSED = "console.Refused";
export const BROKEN = "console.Broken";

/** The code says that what was asked for is not there: it was deleted, or never was. */
export function isGone({ code }: CallError): boolean {
  return /NotFound|NotExist/.test(code);
}

/** Whatever was thrown, as a CallError. */
export function asCallError(error: unknown): CallError {
  if (error instanceof CallError) return error;
  return new CallError(error instanceof Error ? error.message : String(error), BROKEN, 0);
}
