/** The simulator's page from its first moment on: it answers while the rest still starts, and says what that is busy with. */
import type { Lab } from "../lab/lab.ts"
import { Publisher } from "../lab/publisher.ts"
import { Metrics } from "./metrics.ts"
import { startPageServer } from "./page-server.ts"
import type { PageOptions, PageServer } from "./page-server.ts"

export class Page {
    private lab: Lab | undefined
    private server!: PageServer
    /** What the page's lab tells of itself. */
    readonly publisher = new Publisher()
    private readonly steps: string[] = []

    /** @throws Error in plain words if the port is taken or the address is not ours */
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

    /** What is being done before the device runs; after that, a line for the log. */
    progress(text: string) {
        if (this.publisher.get("progress") === null)
            return this.lab?.note("host", text)
        this.steps.push(text)
        this.publisher.set("progress", this.steps)
    }

    /** There is something to act on. @param lab which tells the page's publisher */
    show(lab: Lab | undefined) {
        this.lab = lab
    }

    stop() {
        return this.server.stop()
    }
}
