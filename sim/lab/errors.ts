/** Errors of the page's controls, whose messages are for whoever pressed them. */

/** The request is wrong. */
export class BadRequest extends Error {}

/** It cannot be done now; the message says why. */
export class NotNow extends Error {}
