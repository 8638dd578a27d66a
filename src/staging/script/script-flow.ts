// SPDX-License-Identifier: MIT
import { INSTALL_POLLS_MAX, POLL_SECONDS, RESTARTS_MAX, RETRY_PAUSES } from "./limits.ts";

/**
 * The way of the script, the same in every guest. What differs stands in variables before it, and between its two halves
 * what is tried and what becomes of it.
 *
 * Rules that its lines follow, since cmd.exe reads a line as text first: every path is free of blanks and of characters
 * with a meaning; what comes from the guest is handled only in variables of `for`, which are put in after a line was taken
 * apart; redirections stand before `echo`, whose text may end in a digit; exit codes are compared as text, since
 * `if errorlevel` takes every negative one for less than 0; there are no blocks, whose variables would be put in too early.
 */

/** From the first line that does something to the point where the ways to install are tried. */
export const BEFORE_INSTALLING = String.raw`
set "SYS=%ROOT%\System32"
rem Only a 32-bit cmd.exe on a 64-bit Windows sees Sysnative.
if exist %ROOT%\Sysnative\cmd.exe set "SYS=%ROOT%\Sysnative"
if "%~1"=="child" goto child

rem The trigger is taken back before anything else.
set "DISARMED=1"
set "FINISHED=0"
if "%TRIGGER%"=="setup-mode" call :disarm >nul 2>nul
rem The log is the lock as well: cmd.exe shares what it writes with readers only.
call :main >>%DIR%\run.log 2>&1
if "%FINISHED%"=="1" goto selfremoval
exit /b 0

:selfremoval
rem The first line ends the script and deletes its file; where that way is not known, the second does.
(goto) 2>nul & del /f /q "%~f0" & ver >nul
del /f /q "%~f0" & exit /b 0

:main
set "ASK=0"
set "DETAIL="
set "NEEDED=0"
set "RC="
set "TOOL="
set "VERIFYING=0"
set "WAITED=0"
set "WANTED=0"
call :count attempt Attempt %ATTEMPTSMAX%
set "ATTEMPT=%COUNT%"

if defined SAFEBOOT_OPTION goto safemode
call :key HKLM\SYSTEM\CurrentControlSet\Control\SafeBoot\Option
if "%THERE%"=="1" goto safemode
call :has done
if "%HAS%"=="1" goto remove
call :has verify
if "%HAS%"=="1" goto verify

set "DETAIL=all attempts are used up"
if %ATTEMPT% geq %ATTEMPTSMAX% goto failed
set /a ATTEMPT+=1
set "DETAIL=the attempt could not be counted"
call :record attempt Attempt %ATTEMPT%
if not "%OK%"=="1" goto failed
set "DETAIL="
call :facts
call :report started

if not "%AWAITSSETUP%"=="1" goto setupisover
call :query "HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\State" ImageState
set "COMPLETE=0"
for /f "usebackq tokens=1-3" %%a in ("%DIR%\query.tmp") do if /i "%%c"=="IMAGE_STATE_COMPLETE" set "COMPLETE=1"
call :number %SETUP% SystemSetupInProgress
if defined VALUE if not "%VALUE%"=="0x0" set "COMPLETE=0"
if "%COMPLETE%"=="1" goto setupisover
set "DETAIL=Windows Setup is not over"
rem SYSTEM\Setup is Windows Setup's own then.
if "%TRIGGER%"=="setup-mode" goto failed
goto putoff

:setupisover
call :state
set "DETAIL=it was installed before"
if "%STATE%"=="inforce" goto already

call :servicing
set "DETAIL=other servicing did not come to its end"
if "%SERVICING%"=="busy" goto putoff
set "DETAIL=other servicing is restarting the guest"
if "%SERVICING%"=="restarting" goto putoff
set "DETAIL=other servicing waits for a restart"
set "ASK=1"
if "%SERVICING%"=="restartpending" goto putoff
set "ASK=0"
set "DETAIL="`;

/** Stands where the exit codes go. */
export const EXIT_ROWS_MARK = "@@ exit codes @@";

/** From an installation to the last word on it, with {@link EXIT_ROWS_MARK} in it. */
export const FROM_INSTALLING = String.raw`
:begin
call :report installing
del /f /q %DIR%\exit.tmp %DIR%\exit.rc 2>nul
rd /s /q %DIR%\sb 2>nul
md %DIR%\sb
start "" /b %SYS%\cmd.exe /d /c %DIR%\run.cmd child %METHOD%
:poll
if exist %DIR%\exit.rc goto judge
if %WAITED% geq ${INSTALL_POLLS_MAX} goto timeout
call :pause ${POLL_SECONDS}
set /a WAITED+=1
goto poll

:judge
call :outcome
${EXIT_ROWS_MARK}

:installed
call :report installed
goto finish
:already
call :report already-installed
goto finish
:notapplicable
call :report not-applicable
goto finish
:failed
call :report failed
goto finish
:nexttool
goto %NEXT%

:timeout
rem The installer is left alone, and so is the file that it runs from.
set "DETAIL=the installer did not come to its end"
call :report timeout
call :mark done
exit /b 0

:safemode
call :has verify
if "%HAS%"=="1" exit /b 0
call :has done
if "%HAS%"=="1" exit /b 0
set "DETAIL=the guest started in safe mode"
call :report aborted-safemode
exit /b 0

:transient
if %RETRIES% geq ${RETRY_PAUSES.length} goto putoff
set /a RETRIES+=1
${RETRY_PAUSES.map((seconds, index) => `if %RETRIES% equ ${index + 1} call :pause ${seconds}`).join("\n")}
goto begin

:deferred
set "ASK=1"
:putoff
if not "%COMESAGAIN%"=="1" goto onlyonce
if not "%DISARMED%"=="1" goto failed
if %ATTEMPT% geq %ATTEMPTSMAX% goto lastattempt
call :report deferred
if not "%ASK%%MAYRESTART%"=="11" goto armforlater
call :count restart Restarts ${RESTARTS_MAX}
if %COUNT% gtr 0 goto armforlater
call :record restart Restarts 1
set "WANTED=%OK%"
:armforlater
call :arm
if not "%ARMED%"=="1" goto failed
if "%WANTED%"=="1" call :restart
exit /b 0
:onlyonce
set "DETAIL=%DETAIL%, and nothing starts the script again"
goto failed
:lastattempt
set "DETAIL=%DETAIL%, and this was the last attempt"
goto failed

:pending
set "NEEDED=1"
call :report pending-reboot
if not "%MAYRESTART%%DISARMED%"=="11" goto finish
call :count restart Restarts ${RESTARTS_MAX}
if %COUNT% geq ${RESTARTS_MAX} goto finish
call :mark verify
if not "%HAS%"=="1" goto finish
set /a COUNT+=1
call :record restart Restarts %COUNT%
if not "%OK%"=="1" goto finish
call :arm
if not "%ARMED%"=="1" goto finish
call :restart
exit /b 0

:verify
set "VERIFYING=1"
call :outcome
call :servicing
set "NEEDED=1"
set "DETAIL=servicing has not come to its end after the restart"
if "%SERVICING%"=="busy" goto stillpending
if "%SERVICING%"=="restarting" goto stillpending
call :state
set "DETAIL=servicing finishes the installation at the next restart"
if "%STATE%"=="pending" goto stillpending
set "NEEDED=0"
set "DETAIL=restarted, the state of the package was not looked at"
if not defined PACKAGE goto installed
set "DETAIL=the package is not installed after the restart"
if not "%STATE%"=="inforce" goto failed
set "DETAIL=installed, and in force after the restart"
call :report verified
goto finish
:stillpending
call :report pending-reboot

:finish
call :mark done
:remove
rd /s /q %DIR%\sb 2>nul
rd /s /q %DIR%\sb2 2>nul
del /f /q %DIR%\ic.cab %DIR%\verify %DIR%\exit.rc %DIR%\exit.tmp %DIR%\query.tmp %DIR%\facts.tmp %DIR%\result.tmp 2>nul
set "FINISHED=1"
exit /b 0`;
