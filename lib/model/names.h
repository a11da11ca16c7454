#ifndef CDC_MODEL_NAMES_H
#define CDC_MODEL_NAMES_H

/* The database that every Milvus has; requests may name it "". */
#define DEFAULT_DB "default"

/* Its id in the catalogue. Keys from the time before databases have 0 or 1. */
enum { DEFAULT_DB_ID = 1 };

#endif
