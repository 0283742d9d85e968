/** The simulator's page: its server runs first, and shows the progress while the rest starts. */
import type { Lab } from "../lab/lab.ts"
import { Publisher } from "../lab/publisher.ts"
import { Metrics } from "./metrics.ts"
import { startPageServer } from "./page-server.ts"
import type { PageOptions, PageServer } from "./page-server.ts"

export class Page {
    private lab: Lab | undefined
    private server!: PageServer
    /** Takes what the lab publishes. */
    readonly publisher = new Publisher()
    private readonly steps: string[] = []

    /** @throws Error for the user if the port is taken or the address is not ours */
    static async start(
        options: Pick<PageOptions, "port" | "listen" | "lagLimit">
    ): Promise<Page> {
        const page = new Page()
        const { publisher } = page
        try {
            page.server = await startPageServer({
                ...options,
                publisher,
                lab: () => page.lab,
                metrics: new Metrics(),
            })
            return page
        } catch (error) {
            publisher.close()
            throw error
        }
    }

    /** `http://127.0.0.1:7878/` */
    get url() {
        return this.server.url
    }

    /** Whether the default port was in use. */
    get isElsewhere() {
        return this.server.isElsewhere
    }

    /** A step before the device runs; after that, a line for the log. */
    progress(text: string) {
        if (this.publisher.get("progress") === null)
            return this.lab?.note("host", text)
        this.steps.push(text)
        this.publisher.set("progress", this.steps)
    }

    /** From now on the page shows and controls this lab. @param lab publishes to the page's publisher */
    show(lab: Lab | undefined) {
        this.lab = lab
    }

    stop() {
        return this.server.stop()
    }
}
