/** The readings' time: real, or faster, so that a day takes minutes. */
import { DAY_MS } from "./days.ts"

export class ReadingClock {
    private readonly startMs = performance.now()

    /**
     * @param originMs the time now, in ms since 1970
     * @param dayS how many seconds a day takes; 86400 is real time
     */
    constructor(
        private readonly originMs: number,
        private readonly dayS: number
    ) {}

    /** In ms since 1970. */
    now() {
        const passedMs = performance.now() - this.startMs
        const speed = DAY_MS / (this.dayS * 1000)
        return Math.floor(this.originMs + passedMs * speed)
    }
}
