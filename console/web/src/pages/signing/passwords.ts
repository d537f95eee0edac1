/** The server's bounds, shown before it has to refuse; it decides all the same. */
export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 256;
