/** What was started and has to be stopped, whatever happens in between. */
export class Cleanup {
    private readonly steps: (() => unknown)[] = []

    /** What is being started now will be stopped, even if it is not ready by then. */
    keep<T extends { stop(): unknown }>(starting: Promise<T>): Promise<T> {
        this.steps.push(async () => (await starting).stop())
        return starting
    }

    /** What goes on by itself and cannot be stopped will be waited for. */
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
                // it never started, or is gone already; the others are to end all the same
            }
    }
}
