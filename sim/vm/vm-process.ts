/**
 * The process that is one simulated device: DeviceScript's VM, its flash, its clock, its sockets.
 * Its parent (device.ts) is at the other end of the IPC channel; without a parent it exits.
 */
import { createRequire } from "node:module"
import { ALLOCATION_MS, STEP_MS } from "../chip.ts"
import { DrivenClock, RealClock } from "./clock.ts"
import type { Clock, Timer } from "./clock.ts"
import { HeapProbe } from "./heap.ts"
import hostSockets from "./host-sockets.ts"
import type { StartMessage, ToDevice } from "./messages.ts"
import { Outbox } from "./outbox.ts"
import type { SocketEvent, Sockets, SocketsFactory } from "./sockets.ts"
import { StepCounter, withCounters } from "./step-counter.ts"
import { withWordCheck } from "./stress-check.ts"
import { loadVmModule } from "./vm-module.ts"
import type { VmModule } from "./vm-module.ts"
import { webAssemblyWith } from "./wasm-code.ts"

/** The VM's numbers for socket events (JD_CONN_EV_*). */
const SOCKET_EVENT: Record<SocketEvent, number> = {
    open: 1,
    close: 2,
    error: 3,
    data: 4,
}

/** What the VM gets as a timer's handle: the clock's may be another one by and by. */
interface VmTimer {
    current: Timer
}

/** The VM with everything it stands on. */
class Device {
    private readonly clock: Clock
    private readonly outbox: Outbox
    private readonly heap: HeapProbe
    private flash: Uint8Array
    private readonly counter: StepCounter | undefined
    /** At the chip's speed: until when the VM is busy, by the clock. */
    private busyUntilMs = 0
    /** At the chip's speed: what the VM has done so far takes so many ms. */
    private workMs = 0
    private vm!: VmModule
    private sockets!: Sockets
    private wakeUp: { timer: VmTimer; callback: () => void } | undefined
    private inVm = 0
    /** At the chip's speed: socket events wait for the VM's next turn. */
    private isDelivering = false
    private socketEvents: [SocketEvent, string | Uint8Array | undefined][] = []
    private over = false
    private stopOnOutput = false
    private programRuns = false

    constructor(private readonly options: StartMessage) {
        this.clock =
            options.clock === "driven"
                ? new DrivenClock(options.originMs + options.nowMs)
                : new RealClock()
        this.outbox = new Outbox(
            () => this.clock.now() - options.originMs,
            () => this.stopClockOnOutput()
        )
        this.flash = options.flash
        this.heap = new HeapProbe(() => this.vm.HEAPU8)
        if (options.countSteps || options.chipSpeed)
            this.counter = new StepCounter()
    }

    async start() {
        const { options, outbox } = this
        const nodeRequire = createRequire(import.meta.url)
        this.sockets = await this.createSockets()
        const vm = (this.vm = await loadVmModule(options.vmSource, {
            Date: this.clock,
            setTimeout: (callback, ms) => this.schedule(callback, ms),
            clearTimeout: timer => this.unschedule(timer as VmTimer),
            console: { log() {}, debug() {}, warn() {}, error() {} },
            require: name => nodeRequire(name),
            WebAssembly: webAssemblyWith([
                ...(this.counter ? [withCounters] : []),
                ...(options.gcStress ? [withWordCheck] : []),
            ]),
        }))
        vm.flashLoad = () => this.flash
        vm.flashSave = image => (this.flash = completeFlash(image))
        vm.dmesg = line => {
            // in the middle of a turn, where the need may be at its highest
            this.sampleHeap()
            if (line.startsWith("* start:")) this.programRuns = true
            if (line.startsWith("* stop program")) this.programRuns = false
            outbox.post({ kind: "dmesg", line })
        }
        vm.sendPacket = frame => outbox.post({ kind: "frame", frame })
        vm.panicHandler = code => {
            outbox.post({ kind: "panic", code })
            this.heap.reset()
        }
        vm.error = error => this.end(error)
        vm.sockIsAvailable = () => this.sockets.isAvailable?.() ?? true
        vm.sockOpen = (hostPtr, port) =>
            this.sockets.open(this.text(hostPtr), Math.abs(port), port < 0)
        vm.sockWrite = (ptr, bytes) => {
            this.sampleHeap()
            return this.sockets.write(vm.HEAPU8.slice(ptr, ptr + bytes))
        }
        vm.sockClose = () => this.sockets.close()
        vm.devsGcStress(options.gcStress)
        this.runVm(() => {
            vm.devsSetDeviceId(options.deviceId)
            vm.devsStart()
        })
    }

    async handle(message: ToDevice) {
        if (this.over) return
        switch (message.kind) {
            case "frame":
                this.runVm(() => this.vm.handlePacket(message.frame))
                break
            case "deploy": {
                const code = this.runVm(() =>
                    this.vm.devsDeploy(message.bytecode)
                )
                this.heap.reset()
                this.outbox.post({
                    kind: "done",
                    id: message.id,
                    error: code
                        ? `the VM refused the program: error ${code}`
                        : undefined,
                })
                // begins at once, rather than at the VM's next tick
                this.wake()
                break
            }
            case "memory":
                this.outbox.post({
                    kind: "done",
                    id: message.id,
                    value: this.heap.sample(),
                })
                if (message.resetExtremes) this.heap.reset()
                break
            case "counts":
                this.outbox.post({
                    kind: "done",
                    id: message.id,
                    value: this.counter?.read(this.vm.HEAPU8),
                })
                break
            case "run":
                this.stopOnOutput = message.stopOnOutput
                if (this.clock instanceof DrivenClock)
                    await this.clock.runUntil(
                        this.options.originMs + message.untilMs,
                        () => this.outbox.flush()
                    )
                if (!this.over)
                    this.outbox.post({ kind: "done", id: message.id })
                break
        }
        if (!this.over) this.outbox.flush()
    }

    private stopClockOnOutput() {
        if (this.stopOnOutput && this.clock instanceof DrivenClock)
            this.clock.stop()
    }

    private async createSockets() {
        const { socketsModule, maxPieceBytes, answerWaitMs } = this.options
        const create: SocketsFactory = socketsModule
            ? (await import(socketsModule)).default
            : hostSockets
        return create({
            clock: this.clock,
            maxPieceBytes,
            answerWaitMs,
            emit: (event, arg) => {
                this.socketEvents.push([event, arg])
                if (this.inVm === 0) this.deliverSocketEvents()
            },
        })
    }

    /** The VM's only timer: its next tick. Kept, so that an event need not wait for it. */
    private schedule(callback: () => void, ms: number) {
        const run = () => {
            this.wakeUp = undefined
            this.runVm(callback)
            if (!this.over) this.afterTurn()
        }
        const due = () => {
            const busyMs = this.busyMs()
            if (busyMs > 0) timer.current = this.clock.setTimeout(due, busyMs)
            else run()
        }
        const timer: VmTimer = {
            current: this.clock.setTimeout(due, ms),
        }
        this.wakeUp = { timer, callback: run }
        return timer
    }

    /** How long the VM is still busy with its last input, ms; 0 unless at the chip's speed. */
    private busyMs() {
        return Math.max(0, this.busyUntilMs - this.clock.now())
    }

    /** At the chip's speed, what the VM has just done takes its time. */
    private takeTime() {
        if (!this.options.chipSpeed) return
        const { steps, allocations } = this.counter!.work(this.vm.HEAPU8)
        const workMs = steps * STEP_MS + allocations * ALLOCATION_MS
        this.busyUntilMs =
            Math.max(this.clock.now(), this.busyUntilMs) + workMs - this.workMs
        this.workMs = workMs
    }

    /** Runs the VM's next tick now. */
    private wake() {
        const { wakeUp } = this
        if (!wakeUp) return
        this.unschedule(wakeUp.timer)
        wakeUp.callback()
    }

    private unschedule(timer: VmTimer | undefined) {
        this.clock.clearTimeout(timer?.current)
    }

    /** Whatever calls into the VM goes through here, so that socket events never come back into it. */
    private runVm<T>(call: () => T): T {
        this.inVm++
        try {
            return call()
        } finally {
            this.inVm--
            if (this.inVm === 0 && !this.over) this.takeTime()
            if (this.inVm === 0 && this.socketEvents.length > 0 && !this.over)
                queueMicrotask(() => this.deliverSocketEvents())
        }
    }

    private afterTurn() {
        this.sampleHeap()
        // a driven clock sends when it yields: many turns in one message
        if (!(this.clock instanceof DrivenClock)) this.outbox.flush()
    }

    private sampleHeap() {
        // without a program there is no heap, and the search for one is long
        if (this.options.heapReport && this.programRuns) this.heap.sample()
    }

    /** Each event is followed by a tick, as on a board, where they come from different interrupts. */
    private deliverSocketEvents() {
        if (this.options.chipSpeed) return this.deliverAtChipSpeed()
        while (this.inVm === 0 && !this.over) {
            const next = this.socketEvents.shift()
            if (!next) break
            this.runVm(() => this.deliver(...next))
            this.wake()
        }
        // also while a driven clock stands still
        if (!this.over) this.outbox.flush()
    }

    /**
     * Data that arrives while the VM is busy waits in the network stack, and enters the program's heap all at once in the
     * main loop's next iteration, before a fiber reads any of it (devicescript-pico, src/lwip_sock.c).
     */
    private deliverAtChipSpeed() {
        if (this.over || this.inVm > 0 || this.isDelivering) return
        const busyMs = this.busyMs()
        if (busyMs > 0) {
            this.isDelivering = true
            this.clock.setTimeout(() => {
                this.isDelivering = false
                this.deliverSocketEvents()
            }, busyMs)
            return
        }
        const events = this.socketEvents
        if (events.length === 0) return
        this.socketEvents = []
        for (const event of events) this.runVm(() => this.deliver(...event))
        this.sampleHeap()
        if (!this.over) this.wake()
        if (!this.over) this.outbox.flush()
    }

    private deliver(event: SocketEvent, arg?: string | Uint8Array) {
        const bytes =
            typeof arg === "string" ? new TextEncoder().encode(arg) : arg
        const { vm } = this
        let ptr = 0
        if (bytes) {
            // the VM expects a zero after a text
            ptr = vm._malloc(bytes.length + 1)
            vm.HEAPU8.set(bytes, ptr)
            vm.HEAPU8[ptr + bytes.length] = 0
        }
        try {
            vm._jd_em_tcpsock_on_event(
                SOCKET_EVENT[event],
                ptr,
                bytes?.length ?? 0
            )
            if (ptr) vm._free(ptr)
        } catch (error) {
            this.end(error)
        }
    }

    private text(ptr: number) {
        const { HEAPU8 } = this.vm
        return new TextDecoder().decode(
            HEAPU8.slice(ptr, HEAPU8.indexOf(0, ptr))
        )
    }

    /**
     * The VM has stopped for good. A reset of the chip is `exit(0)` in the VM, which arrives here as
     * Emscripten's ExitStatus; anything else is a failure of the VM (a C assertion, a bad access).
     */
    private end(error: unknown) {
        if (this.over) return
        this.over = true
        if (this.clock instanceof DrivenClock) this.clock.stop()
        const isReset = (error as Error)?.name === "ExitStatus"
        this.outbox.post({
            kind: "ended",
            reason: isReset ? "reset" : "crash",
            text: isReset ? "chip reset" : String(error),
            flash: this.flash,
        })
        this.outbox.flush(() => process.exit(0))
    }
}

/**
 * The VM's save leaves out the last byte in use (posix/flash.c, `flash_sync`). That byte ends a page, and
 * is erased (0xff) unless the page is full.
 */
function completeFlash(image: Uint8Array) {
    const complete = new Uint8Array(image.length + 1)
    complete.set(image)
    complete[image.length] = 0xff
    return complete
}

let device: Promise<Device> | undefined

process.on("message", async (message: StartMessage | ToDevice) => {
    if (message.kind === "start")
        device = (async () => {
            const started = new Device(message)
            await started.start()
            return started
        })()
    else await (await device)?.handle(message)
})
// without a parent there is nothing to do
process.on("disconnect", () => process.exit(0))
