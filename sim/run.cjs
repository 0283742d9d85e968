/**
 * Runs one of the commands: `node sim/run.cjs sim/start.ts [options]`, in this very process, so that whoever ends it (npm, a
 * shell) ends the command. In plain old JavaScript, as a Node that is too old has to get as far as being told so.
 */
"use strict"

var LEAST = 20

if (Number(process.versions.node.split(".")[0]) < LEAST) {
    console.error(
        "laglight needs Node " +
            LEAST +
            " or newer; this is Node " +
            process.versions.node +
            ". See https://nodejs.org, or your version manager (nvm install " +
            LEAST +
            ")."
    )
    process.exit(1)
}

var path = require("path")
var url = require("url")

// without a script: only the question whether Node is new enough
if (process.argv.length > 2) {
    var script = path.resolve(process.argv[2])
    process.argv.splice(1, 2, script)
    import("tsx/esm/api")
        .then(function (tsx) {
            tsx.register()
            return import(url.pathToFileURL(script).href)
        })
        .catch(function (error) {
            console.error(error)
            process.exit(1)
        })
}
