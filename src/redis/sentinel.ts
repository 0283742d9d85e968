/** Asks a sentinel which server is the master, and a server whether it is one. */
import { Address } from "../link/address"
import { expectAggregate, nextElement, skipTo, unexpected } from "./reply"
import { ReplyError } from "./refusal"
import { encodeCommand, RespType } from "./resp"
import { Session } from "./session"

const ROLE = encodeCommand(["ROLE"])
const MASTER = Buffer.from("master")

/**
 * SENTINEL GET-MASTER-ADDR-BY-NAME.
 * @returns undefined when the sentinel knows no master of that name
 * @throws ReplyError when the sentinel refuses, LinkError
 */
export async function lookUpMaster(
    session: Session,
    name: string,
    tls: boolean
): Promise<Address> {
    session.queue(encodeCommand(["SENTINEL", "get-master-addr-by-name", name]))
    await session.flush()
    await nextElement(session)
    const reader = session.reader
    if (reader.type === RespType.Null) return undefined
    const outside = reader.level
    if ((await expectAggregate(session)) < 2) throw unexpected(session)
    await nextElement(session)
    const host = reader.text()
    await nextElement(session)
    const port = parseInt(reader.text())
    await skipTo(session, outside)
    return { host, port, tls }
}

/** ROLE. @returns false when the server is certainly no master; true also when it does not tell: no right, or busy */
export async function isMaster(session: Session): Promise<boolean> {
    session.queue(ROLE)
    await session.flush()
    await nextElement(session)
    const reader = session.reader
    const outside = reader.level
    try {
        await expectAggregate(session)
    } catch (e) {
        if (e instanceof ReplyError) return true
        throw e
    }
    await nextElement(session)
    const master = reader.is(MASTER)
    await skipTo(session, outside)
    return master
}
