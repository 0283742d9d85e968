/**
 * The time that the Pico W's chip takes for the firmware's work; the only place with these costs.
 *
 * They come from DeviceScript's own Pico W runtime in an emulated chip (RP2040 at 125 MHz, radio and network modelled, about
 * 70 million instructions a second), where the busy milliseconds of a second were measured, and from the same seconds in the
 * VM on a computer, where steps and allocations were counted (sim/vm/step-counter.ts), what a second without any poll takes
 * subtracted from both:
 *
 *     POLL_MS  watched             busy ms   steps  allocations  by these costs, ms
 *     1000     1 group                  58   12,904         193   51
 *     1000     1 of 10 groups           58   14,657         196   56
 *     1000     1 of 100 groups         232   68,485         634  235
 *     1000     1 of 190 groups         409  122,802       1,074  416
 *     1000     GROUP=*, 1 group         56   12,732         188   50
 *     1000     GROUP=*, 10 groups      241   78,448         737  270
 *     100      1 group                 415  109,906       1,615  431
 *
 * Neither cost alone fits: a loop that skips groups is nearly all steps, a poll of one group nearly all calls, each of which
 * allocates.
 */

/** A step of the VM, ms. */
export const STEP_MS = 0.0026
/** A block of the heap, ms: it is searched for, cleared, and collected later. */
export const ALLOCATION_MS = 0.09
/** Busy ms of each second without any poll: the runtime's main loop, its radio, winks, and what keeps the chip awake. */
export const IDLE_MS_PER_S = 43

/*
 * What a poll takes, ms, from the same measurements. What waits is counted, entry by entry, and with UNIT=seconds and health
 * limits there is more to ask: five targets with everything on, entries of 1 KB waiting, are 545 ms a second by the prices
 * above (test/host/board/chip-speed.test.ts).
 */

/** Asking about one target, the first of its stream's groups included. */
export const TARGET_MS = 110
/**
 * Each further group of its stream. By the prices above, like the next one, from what the present reader takes: 340 steps and
 * 4.4 allocations; the measurements are those of a slower one.
 */
export const GROUP_MS = 1.5
/** The same with GROUP=*, where each is looked at: 660 steps and 7 allocations. */
export const STAR_GROUP_MS = 2.6
/** So much of a second is for polls at the most; the rest is the network's, and a reserve. */
export const POLLS_MS_PER_S = 850
