/*
 * sqlfile: the SQL files of one folder, in the order of their names, each with its checksum.
 */
#ifndef YUEBAOCTL_SQLFILE_H
#define YUEBAOCTL_SQLFILE_H

#include "ctl.h"
#include "limit.h"

struct sqlfile {
    char *name; /* "001-catalogue.sql" */
    int number; /* 1 of it; 0 when the name does not begin with three digits and a hyphen */
    char *text; /* NUL-terminated */
    char checksum[2 * ID_SIZE + 1]; /* SHA-256 of the bytes, hex */
};

struct sqlfiles {
    size_t count;
    struct sqlfile *files;
};

/* Where the SQL is: --sql, $YUEBAO_SQL, else the installed folder, else that of the source tree around a
 * build. Borrowed. */
const char *sqlfile_root(const struct ctl *ctl);

/* Read every ROOT/`folder` file whose name ends in .sql. false: reported. */
bool sqlfiles_read(struct ctl *ctl, const char *folder, struct sqlfiles *ret_files)
    __attribute__((warn_unused_result));
void sqlfiles_free(struct sqlfiles *files);

/* One file ROOT/`name`. false: reported. */
bool sqlfile_read(struct ctl *ctl, const char *name, struct sqlfile *ret_file)
    __attribute__((warn_unused_result));
void sqlfile_free(struct sqlfile *file);

/*
 * Run all statements of the file inside the transaction that is open. false: reported with file, line and
 * reason; also when the file itself ended the transaction.
 */
bool sqlfile_run(struct ctl *ctl, const struct sqlfile *file) __attribute__((warn_unused_result));

#endif
