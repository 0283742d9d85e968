/** `npm run acl`: the ACL SETUSER command for the current settings, on stdout; notes on stderr. */
import { fileURLToPath } from "node:url"
import { runCommand } from "../desk/run-command.ts"
import { readSettingsFiles } from "../settings-file.ts"
import { ACL_HELP, aclRequest, parseAclOptions } from "./acl-request.ts"
import { aclUsers, commandLine, PASSWORD_PLACEHOLDER } from "./acl-rules.ts"

const PROJECT = fileURLToPath(new URL("../..", import.meta.url))

/** Users are propagated neither to replicas nor to other nodes of a Cluster. */
const WHERE = {
    redis: "on each Redis server, replicas too:",
    sentinel: "on each sentinel:",
}

runCommand(async args => {
    const options = parseAclOptions(args)
    if (options.help) {
        console.log(ACL_HELP)
        return 0
    }
    const settings = readSettingsFiles(options.dir ?? PROJECT, options.settings)
    const request = aclRequest(settings, options)
    for (const { where, words, notes } of aclUsers(request)) {
        if (request.sentinel || request.cluster) console.error(WHERE[where])
        console.log(commandLine(words))
        for (const note of notes) console.error(`note: ${note}`)
    }
    if (options.password === undefined)
        console.error(
            `note: put a password of your own in place of ${PASSWORD_PLACEHOLDER}`
        )
    return 0
})
