import * as ds from "@devicescript/core"

/** DeviceScript's own calls of SPI; its package would bring more than is needed. */
type NativeSpi = typeof ds & {
    spiConfigure(
        miso: number,
        mosi: number,
        sck: number,
        mode: number,
        hz: number
    ): void
    spiXfer(send: Buffer, receive: Buffer | null): Promise<void>
}

/** Hosts show no debug line that begins with a dot (sim/vm/log-line.ts). With the VM's marker and the line's end 11 bytes. */
const TEXT = ".awake.."
/** Between two lines, ms: 22 bytes a second, where the serial log sends 12. */
const LINE_EVERY_MS = 500

const NO_PIN = -1
/** The slowest that the chip's SPI does is 1,922 bits a second. */
const SPI_HZ = 2000
/** So many take 200 ms. */
const BEAT_BYTES = 50
/** Where there is no SPI it is looked for again after so long, ms. */
const NO_SPI_MS = 5000

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
        console.debug(TEXT)
        await ds.sleep(LINE_EVERY_MS)
    }
}

async function wakeBySpi(clock: ds.OutputPin): Promise<void> {
    const bytes = Buffer.alloc(BEAT_BYTES)
    for (;;) {
        try {
            ;(ds as NativeSpi).spiConfigure(
                NO_PIN,
                NO_PIN,
                clock.gpio,
                0,
                SPI_HZ
            )
            for (;;) await (ds as NativeSpi).spiXfer(bytes, null)
        } catch (e) {
            // a transfer of the program before this one may still be under way; a simulated board has no SPI
            await ds.sleep(NO_SPI_MS)
        }
    }
}
