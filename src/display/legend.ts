/** Every pattern by its name, with a status that shows it: the LED test goes through them, the printed legend draws them. Pure. */
import { Condition, LEDS, LinkStatus } from "./display"

/** Names of patterns that the device as a whole shows, and of those of a target. */
export const LINK_PATTERNS = [
    ["not configured", LinkStatus.NotConfigured],
    ["joining Wi-Fi", LinkStatus.JoiningWifi],
    ["connecting to Redis", LinkStatus.Connecting],
] as const

/** Pattern; condition, low and high level, whether the consumers need a look; which example of the pattern it is. */
export const TARGET_PATTERNS = [
    ["refused: who", Condition.RefusedWho, 0, 0, false, ""],
    ["refused: which stream", Condition.RefusedStream, 0, 0, false, ""],
    ["refused: which group", Condition.RefusedGroup, 0, 0, false, ""],
    ["lag between two levels", Condition.Lag, 3, 6, false, "3 to 6"],
    ["lag unknown", Condition.Unknown, 0, 0, false, ""],
    ["off the scale", Condition.Lag, LEDS + 1, LEDS + 1, false, ""],
    ["stale reading", Condition.Stale, 6, 6, false, "last 6"],
    ["consumers need a look", Condition.Lag, 4, 4, true, "level 4"],
    ["normal", Condition.Lag, 5, 5, false, "level 5"],
    ["normal", Condition.Lag, 0, 0, false, "level 0"],
    ["normal", Condition.Lag, 10, 10, false, "level 10"],
] as const
