/** What the compiler does not see in host code: a promise that nobody waits for, whose error would end the process. */
import tseslint from "typescript-eslint"

export default tseslint.config({
    files: ["sim/**/*.ts", "test/host/**/*.ts"],
    languageOptions: {
        parser: tseslint.parser,
        parserOptions: {
            projectService: true,
            tsconfigRootDir: import.meta.dirname,
        },
    },
    plugins: { "@typescript-eslint": tseslint.plugin },
    rules: {
        "@typescript-eslint/no-floating-promises": [
            "error",
            {
                // node:test waits for these itself
                allowForKnownSafeCalls: [
                    {
                        from: "package",
                        package: "node:test",
                        name: ["describe", "test"],
                    },
                ],
            },
        ],
    },
})
