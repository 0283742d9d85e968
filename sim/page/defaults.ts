/** Where the page is if nobody says otherwise. */
export const DEFAULT_PORT = 7878
export const DEFAULT_LISTEN = "127.0.0.1"
