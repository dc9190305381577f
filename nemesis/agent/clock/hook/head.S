/* The agent reads and writes this part by the offsets in install.go; hook.c: struct control. */
	.section .control,"awx"
	.balign 8
	.globl control
	.hidden control
control:
	.ascii "SUNDERv1"
	.long hook_gettime - control, hook_gettimeofday - control, hook_time - control
	.long real_gettime - control, 48, end - control
	.quad 0
	.rept 4
	.quad 0, 0, 0x100000000, 0
	.quad 0, 0, 0x100000000, 0
	.quad 0, 0, 0
	.endr

	.section .note.GNU-stack,"",%progbits

/* Room for the instructions that the patches replace; the agent fills it. */
	.section .room,"ax"
	.balign 16
	.globl real_gettime
	.hidden real_gettime
real_gettime:
	.fill 48, 1, 0
end:
