// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import Foundation
import TestSupport
import Testing

/// The readers are the real ones: /bin/sh, and systemd's own reader of EnvironmentFile=, from its library.
@Suite struct EnvironmentStandInTests {
    private static let values = [
        "", "plain", "/usr/bin:/bin", "a=b", "two words", "  spaces  ", "\"", "'", "it's \"so\"", "$HOME",
        "${X}", "$(id)",
        "`id`", "\\", "\\n", "a\\", "\\$x", "#no comment", "a #b", ";", "x;y", "&", "*", "~", "~/x", "!",
        "a\nb", "\n", "tab\there",
        "ä €😀", "%h", "[a]", "{a,b}", "-n", "a'b\"c\\d$e`f", "\\\\\"\\", "=", "\\\nx",
    ]

    private func written(_ values: [String]) throws -> (ScratchFolder, String) {
        let variables =
            values.enumerated().map { (name: "V\($0)", value: $1) } + [(name: "no.name", value: "x")]
        let file = try present(GuestFile.environment(variables))
        guard case .text(let text) = file.content else { throw Absent() }
        let folder = try ScratchFolder()
        return (folder, try folder.file("environment", text))
    }

    @Test func `sh reads each value as it is`() throws {
        let (folder, path) = try written(Self.values)
        defer { withExtendedLifetime(folder) {} }
        let names = Self.values.indices.map { "\"$V\($0)\"" }.joined(separator: " ")
        let output = try Programs.succeed("/bin/sh", ["-euc", ". \(path); printf '%s\\0' \(names)"])
        #expect(output == Self.values.map { "\($0)\0" }.joined())
    }

    @Test func `systemd reads each value as sh does`() throws {
        let (folder, path) = try written(Self.values)
        defer { withExtendedLifetime(folder) {} }
        let script = """
            import ctypes, glob, json, sys
            library = ctypes.CDLL(glob.glob("/usr/lib/*/systemd/libsystemd-shared-*.so")[0])
            library.load_env_file.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.POINTER(ctypes.c_char_p))]
            result = ctypes.POINTER(ctypes.c_char_p)()
            status = library.load_env_file(None, sys.argv[1].encode(), ctypes.byref(result))
            if status < 0: sys.exit(f"load_env_file: {status}")
            found = []
            while result[len(found)] is not None: found.append(result[len(found)].decode())
            print(json.dumps(found))
            """
        let output = try Programs.succeed("/usr/bin/python3", ["-c", script, path])
        let found = try JSONDecoder().decode([String].self, from: Data(output.utf8))
        #expect(found == Self.values.enumerated().map { "V\($0)=\($1)" })
    }
}
