/** Asks a sentinel which server is the master, and a server whether it is one. */
import { Address, isHost, portOf } from "../link/address"
import { Fault, LinkError } from "../link/fault"
import { expectAggregate, nextElement, skipTo, unexpected } from "./reply"
import { ReplyError } from "./refusal"
import { encodeCommand, RespType } from "./resp"
import { Session } from "./session"

const ROLE = encodeCommand(["ROLE"])
const MASTER = Buffer.from("master")

/**
 * SENTINEL GET-MASTER-ADDR-BY-NAME.
 * @returns undefined when the sentinel knows no master of that name
 * @throws ReplyError when the sentinel refuses, LinkError also when what it names is no address
 */
export async function lookUpMaster(
    session: Session,
    name: string,
    tls: boolean
): Promise<Address | undefined> {
    session.queue(encodeCommand(["SENTINEL", "get-master-addr-by-name", name]))
    await session.flush()
    await nextElement(session)
    const reader = session.reader
    if (reader.type === RespType.Null) return undefined
    const outside = reader.level
    if ((await expectAggregate(session)) !== 2) throw unexpected(session)
    const host = await nextText(session, outside)
    const port = portOf(await nextText(session, outside))
    if (!isHost(host) || port === undefined)
        throw new LinkError(
            Fault.BadReply,
            "the sentinel names no host and port",
            "this sentinel names a master without a host name or a port from 1 to 65535; check its sentinel announce settings"
        )
    return { host, port, tls }
}

/** A string of the list that is being read; anything else gives `""`. */
async function nextText(session: Session, outside: number): Promise<string> {
    const reader = session.reader
    await nextElement(session)
    if (reader.type === RespType.BulkString)
        if (reader.level === outside + 1) return reader.text()
    await skipTo(session, reader.level)
    return ""
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
