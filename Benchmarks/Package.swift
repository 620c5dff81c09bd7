// swift-tools-version: 6.2
// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "contrail-bench",
    targets: [
        .target(name: "CBench", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .executableTarget(
            name: "contrail-bench",
            dependencies: ["CBench"],
            swiftSettings: [.treatAllWarnings(as: .error)]
        ),
    ]
)
