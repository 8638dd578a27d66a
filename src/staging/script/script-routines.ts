// SPDX-License-Identifier: MIT
import { INSTALLED_STATES, PENDING_STATES, POLL_SECONDS, SERVICING_POLLS_MAX } from "./limits.ts";

const hex = (states: readonly number[]) => states.map((state) => `0x${state.toString(16)}`).join(" ");

/** What the script calls, and the child that runs the installer, at the end of the file. */
export const ROUTINES = String.raw`
rem Sets SetupType and CmdLine, which must never be missing, and looks whether they are set.
:disarm
%SYS%\reg.exe add %SETUP% /v SetupType /t REG_DWORD /d 0 /f
%SYS%\reg.exe add %SETUP% /v CmdLine /t REG_SZ /d "" /f
%SYS%\reg.exe delete %SETUP% /v SetupShutdownRequired /f
call :number %SETUP% SetupType
if not "%VALUE%"=="0x0" set "DISARMED=0"
call :command
if "%SAME%"=="1" set "DISARMED=0"
call :number %SETUP% SetupShutdownRequired
if defined VALUE if not "%VALUE%"=="0x0" set "DISARMED=0"
exit /b 0

rem Has the script run at the next start; SetupType, which is what arms it, comes last. Sets ARMED.
:arm
set "ARMED=1"
if not "%TRIGGER%"=="setup-mode" exit /b 0
set "ARMED=0"
%SYS%\reg.exe add %SETUP% /v CmdLine /t REG_SZ /d "%COMMAND%" /f
call :command
if not "%SAME%"=="1" exit /b 0
%SYS%\reg.exe add %SETUP% /v SetupType /t REG_DWORD /d 2 /f
call :number %SETUP% SetupType
if "%VALUE%"=="0x2" set "ARMED=1"
if "%ARMED%"=="0" %SYS%\reg.exe add %SETUP% /v SetupType /t REG_DWORD /d 0 /f
exit /b 0

rem Winlogon restarts the guest once its command has ended, where SetupShutdownRequired is 1.
:restart
if "%TRIGGER%"=="setup-mode" %SYS%\reg.exe add %SETUP% /v SetupShutdownRequired /t REG_DWORD /d 1 /f
if "%TRIGGER%"=="group-policy" %SYS%\shutdown.exe /r /t 30
exit /b 0

rem SAME: whether Winlogon's command is the script's.
:command
set "SAME=0"
call :query %SETUP% CmdLine
for /f "usebackq tokens=1,2,*" %%a in ("%DIR%\query.tmp") do if /i "%%a"=="CmdLine" if "%%c"=="%COMMAND%" set "SAME=1"
exit /b 0

rem COUNT: the higher of the marks %1.n and the value %2, at most %3.
:count
set "COUNT=0"
for /l %%n in (1,1,%3) do call :countmark %1 %%n
call :number %KEY% %2
set "RECORDED=0"
if defined VALUE set "RECORDED=%3"
for /l %%n in (0,1,%3) do if "%VALUE%"=="0x%%n" set "RECORDED=%%n"
if %RECORDED% gtr %COUNT% set "COUNT=%RECORDED%"
exit /b 0
:countmark
call :has %1.%2
if "%HAS%"=="1" set "COUNT=%2"
exit /b 0

rem Makes the mark %1.%3 and sets the value %2 to %3. OK: whether both are seen to be there.
:record
set "OK=0"
call :mark %1.%3
if not "%HAS%"=="1" exit /b 0
%SYS%\reg.exe add %KEY% /v %2 /t REG_DWORD /d %3 /f >nul
call :number %KEY% %2
if "%VALUE%"=="0x%3" set "OK=1"
exit /b 0

rem A mark is a file that says which job it is of. HAS: whether it is there.
:mark
>%DIR%\%1 echo %JOB%
:has
set "HAS=0"
if not exist %DIR%\%1 exit /b 0
for /f "usebackq" %%j in ("%DIR%\%1") do if "%%j"=="%JOB%" set "HAS=1"
exit /b 0

rem THERE: whether the key %1 is there.
:key
set "THERE=0"
%SYS%\reg.exe query %1 >nul 2>nul
if "%ERRORLEVEL%"=="0" set "THERE=1"
exit /b 0

rem What reg.exe says of the value %2 of the key %1, in a file that is empty where there is none.
:query
type nul >%DIR%\query.tmp
%SYS%\reg.exe query %1 /v %2 >%DIR%\query.tmp 2>nul
exit /b 0

rem VALUE: the number %2 of the key %1 in hexadecimal, undefined where there is none.
:number
call :query %1 %2
set "VALUE="
for /f "usebackq tokens=1-3" %%a in ("%DIR%\query.tmp") do if /i "%%a"=="%2" if /i "%%b"=="REG_DWORD" set "VALUE=%%c"
exit /b 0

rem STATE: what servicing says of the package.
:state
set "STATE=none"
if not defined PACKAGE exit /b 0
call :number "%PACKAGE%" CurrentState
for %%s in (${hex(INSTALLED_STATES)}) do if /i "%VALUE%"=="%%s" set "STATE=inforce"
for %%s in (${hex(PENDING_STATES)}) do if /i "%VALUE%"=="%%s" set "STATE=pending"
exit /b 0

rem SERVICING: whether other servicing is at work; waits for its end.
:servicing
set "POLLS=0"
:servicingpoll
set "SERVICING=idle"
call :number "%CBS%" ExecuteState
if defined VALUE if /i not "%VALUE%"=="0xffffffff" set "SERVICING=busy"
if "%SERVICING%"=="idle" goto servicingkeys
if %POLLS% geq ${SERVICING_POLLS_MAX} exit /b 0
if "%POLLS%%VERIFYING%"=="00" call :report waiting-cbs
call :pause ${POLL_SECONDS}
set /a POLLS+=1
goto servicingpoll
:servicingkeys
call :key "%CBS%\RebootPending"
if "%THERE%"=="1" set "SERVICING=restartpending"
call :key "%CBS%\RebootInProgress"
if "%THERE%"=="1" set "SERVICING=restarting"
exit /b 0

rem Waits for %1 seconds; where ping does not work, about as long.
:pause
set /a PINGS=%1+1
%SYS%\ping.exe -n %PINGS% 127.0.0.1 >nul
if not "%ERRORLEVEL%"=="0" for /l %%i in (1,1,500000) do rem
exit /b 0

rem RC and TOOL: what the child wrote.
:outcome
for /f "usebackq tokens=1,2" %%r in ("%DIR%\exit.rc") do set "RC=%%r"
for /f "usebackq tokens=1,2" %%r in ("%DIR%\exit.rc") do set "TOOL=%%s"
exit /b 0

rem What does not change while the script runs.
:facts
>%DIR%\facts.tmp ver
type nul >%DIR%\query.tmp
for /f "usebackq delims=" %%v in ("%DIR%\facts.tmp") do >%DIR%\query.tmp echo os=%%v
copy /y %DIR%\query.tmp %DIR%\facts.tmp >nul
type nul >%DIR%\query.tmp
%SYS%\whoami.exe >%DIR%\query.tmp 2>nul
for /f "usebackq delims=" %%v in ("%DIR%\query.tmp") do >>%DIR%\facts.tmp echo user=%%v
call :query "HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment" PROCESSOR_ARCHITECTURE
for /f "usebackq tokens=1-3" %%a in ("%DIR%\query.tmp") do if /i "%%a"=="PROCESSOR_ARCHITECTURE" >>%DIR%\facts.tmp echo arch=%%c
call :version ic_before facts.tmp
exit /b 0

rem Adds the version that the guest's services recorded to the file %2, as %1.
:version
set "FOUND=0"
call :query "HKLM\SOFTWARE\Microsoft\Virtual Machine\Auto" IntegrationServicesVersion
for /f "usebackq tokens=1,2,*" %%a in ("%DIR%\query.tmp") do if /i "%%a"=="IntegrationServicesVersion" set "FOUND=1"
if "%FOUND%"=="0" >>%DIR%\%2 echo %1=
if "%FOUND%"=="1" for /f "usebackq tokens=1,2,*" %%a in ("%DIR%\query.tmp") do if /i "%%a"=="IntegrationServicesVersion" >>%DIR%\%2 echo %1=%%c
exit /b 0

rem Writes the phase %1 and all that goes with it, and repeats in the registry how it stands.
:report
>%DIR%\result.tmp echo schema=1
>>%DIR%\result.tmp echo job=%JOB%
>>%DIR%\result.tmp echo phase=%1
>>%DIR%\result.tmp echo attempt=%ATTEMPT%
>>%DIR%\result.tmp echo tool=%TOOL%
>>%DIR%\result.tmp echo exit=%RC%
>>%DIR%\result.tmp echo detail=%DETAIL%
>>%DIR%\result.tmp echo reboot_needed=%NEEDED%
>>%DIR%\result.tmp echo trigger=%TRIGGER%
if exist %DIR%\facts.tmp type %DIR%\facts.tmp >>%DIR%\result.tmp
call :version ic_after result.tmp
move /y %DIR%\result.tmp %DIR%\result.ini >nul
if "%1"=="started" exit /b 0
if "%1"=="installing" exit /b 0
%SYS%\reg.exe add %KEY% /v Phase /t REG_SZ /d %1 /f >nul
%SYS%\reg.exe add %KEY% /v Exit /t REG_SZ /d "%RC%" /f >nul
exit /b 0

rem Runs the installer, and says how it ended; the rest of the script looks at the clock meanwhile.
:child
goto child%~2
:childdism
%SYS%\dism.exe /online /add-package /packagepath:%DIR%\ic.cab /quiet /norestart /scratchdir:%DIR%\sb /logpath:%DIR%\dism.log
set "RC=%ERRORLEVEL%"
goto childsays
:childpkgmgr
start "" /w %SYS%\pkgmgr.exe /ip /m:%DIR%\ic.cab /s:%DIR%\sb /l:%DIR%\cbs.log /quiet /norestart
set "RC=%ERRORLEVEL%"
goto childsays
:childfolder
rd /s /q %DIR%\sb2 2>nul
md %DIR%\sb2
%SYS%\expand.exe -F:* %DIR%\ic.cab %DIR%\sb2 >nul
start "" /w %SYS%\pkgmgr.exe /ip /m:%DIR%\sb2 /s:%DIR%\sb /l:%DIR%\cbs.log /quiet /norestart
set "RC=%ERRORLEVEL%"
:childsays
>%DIR%\exit.tmp echo %RC% %TOOL%
rem One line: the script may be gone once the other side has seen the file.
move /y %DIR%\exit.tmp %DIR%\exit.rc >nul & exit /b 0
`;
