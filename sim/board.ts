/** The board that the firmware is built for, as boards/ names it; src/board.ts has its pins. */
export const BOARD = "pico_w_laglight"
