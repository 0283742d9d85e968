/** What was started and has to be stopped, whatever happens in between. */
export class Cleanup {
    private readonly steps: (() => unknown)[] = []

    /** Stops it at the end, even if it is still starting then. */
    keep<T extends { stop(): unknown }>(starting: Promise<T>): Promise<T> {
        this.steps.push(async () => (await starting).stop())
        return starting
    }

    /** Waits at the end for work that cannot be stopped. */
    waitFor<T>(work: Promise<T>): Promise<T> {
        this.steps.push(() => work)
        return work
    }

    /** Stops everything, the last first. Never throws. */
    async run() {
        for (const step of this.steps.reverse())
            try {
                await step()
            } catch {
                // it never started, or has ended already; the others have to be stopped all the same
            }
    }
}
