/** Reads the registers of a light's services, as any Jacdac client would. */
import { REPORT_RECEIVE } from "jacdac-ts"
import type { Light } from "./bench.ts"

/** Device time that an answer may take. */
const ANSWER_MS = 2000

/** The present value of a register of the program's service of this class. */
export async function readRegister(
    light: Light,
    serviceClass: number,
    code: number
): Promise<Uint8Array> {
    const [service] = light.device.bus.services({ serviceClass })
    if (!service)
        throw new Error(`no service 0x${serviceClass.toString(16)} on the bus`)
    const register = service.register(code)
    let answer: Uint8Array | undefined
    register.once(REPORT_RECEIVE, () => {
        answer = register.data
    })
    await register.sendGetAsync()
    return light.until(
        () => answer,
        ANSWER_MS,
        `register 0x${code.toString(16)}`
    )
}
