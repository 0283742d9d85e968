const { runDeviceTests } = await import(process.cwd() + "/test/host/support/device-suite.ts")
for (const f of process.argv.slice(2)) {
    const tests = await runDeviceTests(`test/device/${f}`, process.env.SEED ? { SEED: +process.env.SEED } : {})
    const bad = tests.filter((t: any) => t.failure !== undefined)
    console.log(f, tests.length, "tests,", bad.length, "failed")
    for (const t of bad) console.log("  ", t.name, "\n      ", t.failure.slice(0, 400))
}
process.exit(0)
