/** What the log says of the link and the servers: each thing once. The displays' log is display/log.ts. */
import { Address, addressText } from "./link/address"
import { Fault, LinkError } from "./link/fault"
import { remedyOf, ReplyError } from "./redis/refusal"
import { say } from "./say"

/** Writes what is in the way of the light, and what is over. */
export class Report {
    /** What is in the way at present; undefined when nothing is. */
    lastProblem: string | undefined = undefined
    /** Which server gave its reason when it closed the last connection. */
    private turnedAwayBy: string | undefined = undefined
    /** By target: the Cluster node that it lives at. */
    private owners: string[] = []

    /** The first thing that is done. */
    starting(address: Address): void {
        say(`redis: connecting to ${addressText(address)}`)
    }

    /** The link failed, or failed again. */
    linkFailed(error: LinkError, address: Address): void {
        console.debug(error.message)
        const server = `redis ${addressText(address)}: `
        if (error.reason !== undefined) {
            this.problem(server + error.reason)
            this.turnedAwayBy = server
            return
        }
        // a server that closes on us has said why when it could: the close may overtake its words
        if (this.turnedAwayBy === server) {
            if (error.fault === Fault.PeerClosed) return
            if (error.fault === Fault.PeerReset) return
            if (error.fault === Fault.SendFailed) return
        }
        const words = FAULTS[error.fault]
        this.problem(
            `${server}${words}${words.endsWith(":") ? ` ${error.message}` : ""}`
        )
    }

    /** Something is in the way; said once, until it is another thing or all is well. */
    problem(text: string): void {
        this.turnedAwayBy = undefined
        if (text === this.lastProblem) return
        this.lastProblem = text
        say(text)
    }

    /** A sentinel named another master than before. */
    master(address: Address): void {
        say(`redis: the master is ${addressText(address)}`)
    }

    /** A Cluster node named another owner of a stream. @param index the target's @param name as lines begin with it */
    moved(index: number, name: string, address: Address): void {
        const to = addressText(address)
        if (this.owners[index] === to) return
        this.owners[index] = to
        say(`${name}its stream lives at ${to}`)
    }

    /** Redis answers that it cannot answer now. */
    notNow(error: ReplyError): void {
        this.problem(`redis: ${error.message}; ${remedyOf(error.message)}`)
    }

    /** Redis answers. */
    answered(address: Address): void {
        if (this.lastProblem !== undefined)
            say(`redis ${addressText(address)}: answers again`)
        this.lastProblem = undefined
        this.turnedAwayBy = undefined
    }
}

/** For each fault, in its order, what happened and what to look at. Those that end in a colon go on with the error's text. */
const FAULTS = [
    "no network; check WIFI_SSID and WIFI_PWD",
    "Wi-Fi cannot be joined; check WIFI_SSID and WIFI_PWD",
    "the board has no connections left; is the name's DNS record cached? docs/pico-w-runtime.md",
    "connection refused; is Redis running there, and bound to this network?",
    "no answer to the connect; check the name, DNS and the firewall",
    "unknown host name; check REDIS_HOST",
    "TLS failed:",
    "the server closed the connection",
    "the connection was reset; does that port want TLS (REDIS_TLS)?",
    "no reply in time",
    "sending failed:",
    "this is not what Redis answers; check REDIS_PORT:",
    "connecting anew:",
    "the program was restarted without the board",
    "connecting failed:",
    "a fault of laglight; please report it:",
]
