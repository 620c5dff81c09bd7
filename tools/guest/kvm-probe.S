# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0
#
# Tells a KVM that runs guests from one that emulates each of their instructions: /dev/kvm works with both, but the second
# is slower than QEMU's TCG. A BIOS image of 64 KiB goes from real to protected to long mode, counts down from COUNT and
# ends QEMU with status 7 (isa-debug-exit: 2 * 3 + 1). KVM on a processor's virtualization does that in some hundredths
# of a second, an emulating one in many seconds: no end within 2 seconds means that TCG is the better choice.
#
#   as --64 -o kvm-probe.o kvm-probe.S
#   ld -m elf_x86_64 -Ttext 0 -e 0 --oformat binary -o kvm-probe.bin kvm-probe.o
#   timeout 2 qemu-system-x86_64 -accel kvm -cpu qemu64 -machine pc -m 16 -nodefaults -display none -no-reboot \
#       -bios kvm-probe.bin -device isa-debug-exit,iobase=0x501,iosize=1
#
# All that is not zero stands in the last 256 bytes, so that a program can carry the image as those.

        .set    COUNT, 10000000
        .set    LOW, 0xf0000            # where the image is mapped below 1 MiB
        .set    PML4, 0x1000            # page tables in RAM, which QEMU hands over as zeros
        .set    PDPT, 0x2000
        .set    PD, 0x3000

        .org    0xff00
        .code16
real:   cli
        lgdtl   %cs:gdt_pointer
        mov     %cr0, %eax
        or      $1, %al                 # PE
        mov     %eax, %cr0
        ljmpl   $code32 - gdt, $LOW + protected

        .code32
protected:
        mov     $data - gdt, %ax
        mov     %ax, %ds
        movl    $PDPT + 3, PML4         # one page of 2 MiB at address 0: present, writable
        movl    $PD + 3, PDPT
        movl    $0x83, PD
        mov     %cr4, %eax
        or      $0x20, %al              # PAE
        mov     %eax, %cr4
        mov     $PML4, %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx       # EFER
        rdmsr
        or      $1, %ah                 # LME
        wrmsr
        mov     %cr0, %eax
        or      $0x80000000, %eax       # PG
        mov     %eax, %cr0
        ljmpl   $code64 - gdt, $LOW + long

        .code64
long:   mov     $COUNT, %ecx
count:  dec     %ecx
        jnz     count
        mov     $0x501, %dx
        mov     $3, %al
        out     %al, %dx
stop:   hlt
        jmp     stop

        .balign 8
gdt:    .quad   0
code32: .quad   0x00cf9b000000ffff
data:   .quad   0x00cf93000000ffff
code64: .quad   0x00af9b000000ffff
gdt_pointer:
        .word   gdt_pointer - gdt - 1
        .long   LOW + gdt

        .org    0xfff0                  # where the processor starts
        .code16
        jmp     real
        .org    0xffff
        .byte   0
