# Each unit test with the objects that it may link beside the one of its own path. A test that needs
# more than its row lists has found a dependency that should not be there. A header alone has no object.
unit.base/clock =
unit.base/descriptor = base/number
unit.base/error_text =
unit.base/line = base/number
unit.base/log = base/line base/number
unit.base/number =
unit.signals/rewrite = signals/signal_name base/number
unit.signals/signal_name = base/number
unit.signals/signal_record =
unit.signals/signal_set = base/descriptor base/number
unit.command/exec_image =
unit.command/exec_search = command/exec_image
unit.command/forward =
unit.command/socket_activation = base/number
unit.diagnosis/exec_elf =
unit.diagnosis/exec_failure = diagnosis/exec_elf command/exec_image command/exec_search base/error_text base/line base/number
unit.diagnosis/memory_cgroup = base/line base/number
unit.supervise/event_loop = signals/signal_set base/descriptor base/number
unit.supervise/exit_status = signals/signal_name base/number
unit.supervise/process = base/descriptor base/number
unit.supervise/reaper = supervise/process supervise/exit_status signals/signal_name base/line base/log base/number base/descriptor
unit.supervise/remaining = supervise/process base/descriptor base/error_text base/line base/log base/number
unit.supervise/shutdown =
unit.cli/options = base/line base/log base/number signals/rewrite signals/signal_name supervise/exit_status

UNIT_NAMES := $(sort $(patsubst unit.%,%,$(filter unit.%,$(.VARIABLES))))

define unit_rule
build/test/unit/$(1): build/test/unit/$(1)_test.o \
		$(patsubst src/%.c,build/test/obj/%.o,$(wildcard src/$(1).c) $(2:%=src/%.c))
	$$(call run,LD $$@,$$(TEST_CC) $$(TEST_CFLAGS) -o $$@ $$^ $$(TEST_LDFLAGS) -lcmocka)
endef
$(foreach name,$(UNIT_NAMES),$(eval $(call unit_rule,$(name),$(unit.$(name)))))

check-unit: $(UNIT_NAMES:%=build/test/unit/%)
	@for test in $^; do echo "$$test"; $$test || exit; done

# The unit tests that valgrind can run. It reserves signal 64 and some descriptors, repeats the checks of
# exec in its own way and accepts no filter of system calls: the others would test valgrind.
VALGRIND_NAMES = base/clock base/line base/log base/number cli/options \
	command/socket_activation diagnosis/exec_elf diagnosis/memory_cgroup signals/rewrite \
	signals/signal_name signals/signal_record supervise/exit_status supervise/shutdown
check-valgrind: $(VALGRIND_NAMES:%=build/test/unit/%)
	@for test in $^; do echo "$$test"; valgrind -q --error-exitcode=77 $$test || exit; done

.PHONY: check-unit check-valgrind
