/*
 * Calls that are easy to get wrong, turned into compile errors.  Included in
 * front of every file by the Makefile.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison sprintf vsprintf strcpy strcat strncpy strncat strtok \
    strtok_r atoi atol atoll gmtime localtime ctime asctime gets

#endif
