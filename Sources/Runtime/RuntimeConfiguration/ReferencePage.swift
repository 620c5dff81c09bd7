// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

extension RuntimeConfiguration {
    /// docs/vm-runtime-configuration.md, made from the fields.
    public static var referencePage: String {
        var page = """
            # Configuration of vm-runtime

            Made by `vm-runtime --print-reference` from the one table of fields in
            `Sources/Runtime/RuntimeConfiguration`; a test fails where this page is not what the table makes.

            One YAML file of `key: value` lines, `/etc/contrail-vm/vm-runtime.yaml` or `--config FILE`. Each of these
            overrides the ones before it: defaults, file, Virtlet's variables of the environment, our own variables,
            flags (`--key value` or `--key=value`). Unknown keys and wrong values are errors that name the line, and
            the key that was meant. `vm-runtime --dump-config` prints what counts, and where each value is from.

            | key, flag | default | environment | also read, of Virtlet | what |
            |---|---|---|---|---|

            """
        let defaults = RuntimeConfiguration()
        for field in fields {
            let virtlet = field.virtlet.map { "`\($0.name)`" } ?? ""
            let value = field.text(defaults)
            page +=
                "| `\(field.key)` | \(value.isEmpty ? "nothing" : "`\(value)`") | `\(field.variable)` | \(virtlet) "
            page += "| \(field.summary) \(field.kind.prefix(1).uppercased())\(field.kind.dropFirst()). |\n"
        }
        page += """

            Of Virtlet's variables, `VIRTLET_DISABLE_KVM` means TCG only where it is true, and `VIRTLET_LOGLEVEL` means
            debug from 4 on. Yes and no are `true` and `false` (also `yes`, `no`, `on`, `off`, `1`, `0`); unlike in
            Virtlet, `false` is not true.

            """
        return page
    }

    /// The fields for the help of the command line.
    public static var help: String {
        let defaults = RuntimeConfiguration()
        return fields.map {
            "  --\($0.key) (\($0.text(defaults).isEmpty ? "nothing" : $0.text(defaults)))\n      \($0.summary)\n"
        }.joined()
    }

    /// The keys, in the order of the page.
    public static var keys: [String] { fields.map(\.key) }
}
