// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Images
import Machines
import RuntimeConfiguration

/// What of this node vm-runtime's configuration says, for what vmctl does without vm-runtime.
struct HostOptions: ParsableArguments {
    @Option(
        help:
            "vm-runtime's configuration; /etc/contrail-vm/vm-runtime.yaml by default, which need not exist.",
        completion: .file(extensions: ["yaml"])
    )
    var config: String?

    /// The configuration: the file's over the defaults, the environment's over these.
    func configuration() throws -> RuntimeConfiguration {
        var defaults = RuntimeConfiguration()
        defaults.wrapper = Settings().wrapper
        return try LoadedConfiguration(
            defaults: defaults,
            file: ConfigurationFile.read(config),
            environment: ProcessInfo.processInfo.environment,
            flags: []
        ).configuration
    }

    /// The image store, which vm-runtime uses, too.
    func images() throws -> ImageStore {
        try ImageStore(ImageSettings(configuration(), qemuImg: Settings().qemuImg))
    }
}
