import * as ds from "@devicescript/core"
import { spi } from "@devicescript/spi"

/** DeviceScript's own print: a marker's character code, and the text. `console` has no level that is nobody's to read. */
type NativePrint = typeof ds & { print(marker: number, text: string): void }

/** A dot: hosts take a line that begins with it for a note of the VM's own and show it nowhere. */
const MARKER = 0x2e
/** With the marker, a space and the line's end 11 bytes. */
const TEXT = "awake..."
/** Between two lines, ms: 22 bytes a second, where the serial log sends 12. */
const LINE_EVERY_MS = 500

/** The slowest that the chip's SPI does is 1,922 bits a second. */
const SPI_HZ = 2000
/** So many bytes take 200 ms. */
const BEAT = Buffer.alloc(50)
/** Where there is no SPI it is looked for again after so long, ms. */
const NO_SPI_MS = 60000

/**
 * Keeps the chip awake, for ever: call it first of all. The Pico W's runtime may lose the timer that its main loop sleeps
 * by, and without a USB host nothing else wakes it (docs/pico-w-runtime.md row 24). Two things help, each by itself nearly
 * always, and together always: the loop does not sleep while the serial log has something to send (`log` in the board file
 * makes that log as slow as it gets), and the end of an SPI transfer wakes it.
 * @param clock an SPI clock pin that nothing is connected to
 */
export function stayAwake(clock: ds.OutputPin): void {
    keepLogBusy.start()
    wakeBySpi.start(clock)
}

async function keepLogBusy(): Promise<void> {
    for (;;) {
        ;(ds as NativePrint).print(MARKER, TEXT)
        await ds.sleep(LINE_EVERY_MS)
    }
}

async function wakeBySpi(clock: ds.OutputPin): Promise<void> {
    for (;;) {
        try {
            spi.configure({ sck: clock, hz: SPI_HZ })
            for (;;) await spi.write(BEAT)
        } catch (e) {
            // a transfer of the program before this one may still be under way; a simulated board has no SPI
            await ds.sleep(NO_SPI_MS)
        }
    }
}
