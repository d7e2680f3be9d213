/* Memory that few runs touch. The linker puts it behind the other (--sort-section in the Makefile),
 * so that what each run touches shares its pages. */
#pragma once

#define COLD        __attribute__((section(".bss.zz_cold")))
#define MOSTLY_COLD __attribute__((section(".bss.zy_cold"))) /* all but its beginning */
