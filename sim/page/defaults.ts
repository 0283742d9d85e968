/** The page's default address. */
export const DEFAULT_PORT = 7878
export const DEFAULT_LISTEN = "127.0.0.1"
