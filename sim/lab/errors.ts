/** Errors of the page's controls, whose messages are for the page's user. */

/** The request is wrong. */
export class BadRequest extends Error {}

/** It cannot be done now; the message says why. */
export class NotNow extends Error {}
