# cmake -DSOURCE=DIR -DFILE=commit.cpp -P WriteCommit.cmake
# Which commit is being built, as a source file that changes only when the commit does. Run at every
# build; outside of a git checkout it says "unknown".
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND git describe --always --dirty --abbrev=12
  WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE
  RESULT_VARIABLE failed ERROR_QUIET)
if(failed OR NOT EXISTS ${SOURCE}/.git)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${FILE} @ONLY CONTENT
"namespace opal::cli {
extern const char* const built_commit;
const char* const built_commit = \"@commit@\";
}  // namespace opal::cli
")
