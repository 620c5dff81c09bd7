// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

do {
    try Benchmark(Settings(CommandLine.arguments, ProcessInfo.processInfo.environment)).run()
} catch {
    FileHandle.standardError.write(Data("contrail-bench: \(error)\n".utf8))
    exit(1)
}
