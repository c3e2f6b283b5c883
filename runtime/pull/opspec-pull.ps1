#Requires -Version 5.1
<#
.SYNOPSIS
Downloads the newest backup of each database of a service to this PC, verifies its SHA-256 and keeps
the last ones.

.DESCRIPTION
Works with the PowerShell that comes with Windows 10 and 11 and needs this one file. opspec-pull.mts
beside it is the same for Node: names, variables, log lines and exit codes are the same, so that
either may take over the other's folder.

Every parameter can also be a variable: OPSPEC_PULL_URL, OPSPEC_PULL_DIRECTORY, OPSPEC_PULL_KEEP,
OPSPEC_PULL_TOKEN_FILE, OPSPEC_PULL_RETRY_SECONDS. The token (the service's BACKUP_PULL_TOKEN, which
opens nothing but this) is in OPSPEC_PULL_TOKEN or in a file, and never on the command line, which
other users of a PC can read.

Exit codes: 0 done or nothing new, 1 for everything else.

.EXAMPLE
powershell.exe -NoProfile -ExecutionPolicy Bypass -File opspec-pull.ps1 -Url https://api.example.com -TokenFile C:\opspec\token.txt

.EXAMPLE
schtasks /Create /TN "Backup pull" /SC DAILY /ST 22:00 /TR "powershell.exe -NoProfile -ExecutionPolicy Bypass -File C:\opspec\opspec-pull.ps1 -Url https://api.example.com -TokenFile C:\opspec\token.txt"
#>
[CmdletBinding()]
param(
    [string]$Url = $env:OPSPEC_PULL_URL,
    [string]$Directory = $env:OPSPEC_PULL_DIRECTORY,
    [string]$Keep = $env:OPSPEC_PULL_KEEP,
    [string]$TokenFile = $env:OPSPEC_PULL_TOKEN_FILE,
    [string]$RetrySeconds = $env:OPSPEC_PULL_RETRY_SECONDS
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
# The bar makes a download in Windows PowerShell many times slower.
$ProgressPreference = 'SilentlyContinue'
# Windows PowerShell offers no TLS 1.2 by itself on older systems.
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

# As many as chorizaurio's PC script kept.
$DefaultKeep = '10'

# A deploy of a service with a disk takes it away for about a minute: three tries, this far apart.
$AttemptsMax = 3
$DefaultRetrySeconds = '30'

# A list is there at once; a gigabyte on a shop's line takes the better part of an hour.
$ListLimitSeconds = 60
$DownloadLimitSeconds = 3600

# A log that is longer, in bytes, is set aside; the one before it goes.
$LogBytesMax = 1MB

# An unfinished download this old belongs to no pull that still runs.
$LeftoverHours = 24

# A backup's name: prefix, time in UTC, and a number when a second has several. No way out of a folder.
$BackupName = '^([A-Za-z0-9][A-Za-z0-9._-]*?)([0-9]{8}_[0-9]{6})(?:_([0-9]{1,3}))?\.db\z'

# What another try may help with begins with this mark; the mark is never shown.
$Passing = 'passing:'

function Write-PullLog([string]$Text) {
    # In some cultures the colon of a format stands for another separator.
    $culture = [Globalization.CultureInfo]::InvariantCulture
    $line = '{0} {1}' -f [DateTime]::UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", $culture), $Text
    Write-Output $line
    $path = Join-Path $script:Folder 'opspec-pull.log'
    if ((Test-Path -LiteralPath $path) -and (Get-Item -LiteralPath $path).Length -gt $LogBytesMax) {
        Move-Item -LiteralPath $path -Destination "$path.1" -Force
    }
    [IO.File]::AppendAllText($path, "$line`n")
}

function Get-Field($Value, [string]$Name) {
    if ($null -eq $Value) { return $null }
    $property = $Value.PSObject.Properties[$Name]
    if ($null -eq $property) { return $null }
    return $property.Value
}

# Over plain HTTP everybody on the way could read the token.
function Get-CheckedUrl([string]$Said) {
    $uri = $null
    if ([Uri]::TryCreate($Said, [UriKind]::Absolute, [ref]$uri)) {
        if ($uri.Scheme -ceq 'https' -or ($uri.Scheme -ceq 'http' -and $uri.IsLoopback)) {
            return $uri.GetLeftPart([UriPartial]::Authority)
        }
    }
    throw 'url: should be the https address of the service. Give -Url.'
}

function Get-Token([string]$File) {
    $text = [string]$env:OPSPEC_PULL_TOKEN
    if ($File) { $text = [IO.File]::ReadAllText($File) }
    $token = $text.Trim()
    if ($token -cmatch '^[\x21-\x7e]+\z') { return $token }
    throw 'token: should be one word. Set OPSPEC_PULL_TOKEN or give -TokenFile.'
}

function Get-Number([string]$Name, [string]$Said, [int]$Least) {
    if ($Said -cmatch '^[0-9]{1,4}\z' -and [int]$Said -ge $Least) { return [int]$Said }
    throw "${Name}: should be a number from $Least to 9999, got $Said."
}

# 0 when there was no answer. Windows PowerShell and PowerShell 7 throw different errors with the same field.
function Get-StatusCode($ErrorRecord) {
    $response = Get-Field $ErrorRecord.Exception 'Response'
    if ($null -eq $response) { return 0 }
    return [int]$response.StatusCode
}

function Invoke-Service([string]$Path, [string]$What, [hashtable]$Options) {
    try {
        # The token is for this service and for nobody to whom it points.
        return Invoke-WebRequest -Uri "$ServiceUrl$Path" -Headers @{ Authorization = "Bearer $Token" } -UseBasicParsing -MaximumRedirection 0 @Options
    } catch {
        $status = Get-StatusCode $_
        if ($status -eq 0) { throw "$Passing${What}: the service was not reached: $($_.Exception.Message)" }
        if ($status -eq 401 -or $status -eq 403) {
            throw "${What}: HTTP ${status}: the token is wrong. Renew it on this PC."
        }
        if ($status -ge 500 -or $status -eq 429) { throw "$Passing${What}: HTTP $status" }
        throw "${What}: HTTP $status"
    }
}

function Get-Listing {
    $answer = Invoke-Service '/ops/backups' 'list' @{ TimeoutSec = $ListLimitSeconds }
    try {
        return ConvertFrom-Json ([string]$answer.Content)
    } catch {
        throw "${Passing}list: the answer is no JSON"
    }
}

# The prefix, time and number in a backup's name, or nothing for any other file.
function Get-NameParts([string]$Name) {
    $match = [regex]::Match($Name, $BackupName)
    if (-not $match.Success) { return }
    $number = 0
    if ($match.Groups[3].Success) { $number = [int]$match.Groups[3].Value }
    $prefix = $match.Groups[1].Value
    return [pscustomobject]@{ Name = $Name; Prefix = $prefix; Stamp = $match.Groups[2].Value; Number = $number }
}

# The newest backup of each set, by name. Jobs that write to one folder list the same files.
function Select-Newest($Listing) {
    if ($null -eq $Listing -or $null -eq $Listing.PSObject.Properties['sets']) {
        throw "list: the answer has no sets. Is the URL the service's own?"
    }
    $seen = @{}
    foreach ($set in @($Listing.sets)) {
        $usable = @(@(Get-Field $set 'backups') | Where-Object {
                ([string](Get-Field $_ 'filename')) -cmatch $BackupName -and
                ([string](Get-Field $_ 'sha256')) -match '^[0-9a-f]{64}\z' -and
                $null -ne (Get-Field $_ 'size')
            })
        $newest = $usable | Sort-Object -Descending -Property @(
            @{ Expression = { (Get-NameParts $_.filename).Stamp } },
            @{ Expression = { (Get-NameParts $_.filename).Number } }
        ) | Select-Object -First 1
        if ($null -ne $newest -and -not $seen.ContainsKey($newest.filename)) {
            $seen[$newest.filename] = $true
            $newest
        }
    }
}

# A file that is here and has another checksum was damaged since: it is downloaded again.
function Test-Downloaded($Backup) {
    $path = Join-Path $Folder $Backup.filename
    if (-not (Test-Path -LiteralPath $path -PathType Leaf)) { return $false }
    return (Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash -eq $Backup.sha256
}

# It has its name only when it is whole: a file with a backup's name is a verified backup.
function Receive-Backup($Backup) {
    $name = $Backup.filename
    $what = "download $name"
    $unfinished = Join-Path $Folder ".$name.$PID.part"
    try {
        $options = @{ TimeoutSec = $DownloadLimitSeconds; OutFile = $unfinished }
        Invoke-Service "/ops/backups/$name" $what $options | Out-Null
        $received = (Get-Item -LiteralPath $unfinished -Force).Length
        if ($received -gt $Backup.size) { throw "${what}: it is longer than $($Backup.size) bytes" }
        if ($received -lt $Backup.size) { throw "$Passing${what}: got $received of $($Backup.size) bytes" }
        if ((Get-FileHash -LiteralPath $unfinished -Algorithm SHA256).Hash -ne $Backup.sha256) {
            throw "$Passing${what}: its sha256 is not the one that the service lists"
        }
        Move-Item -LiteralPath $unfinished -Destination (Join-Path $Folder $name) -Force
    } finally {
        if (Test-Path -LiteralPath $unfinished) { Remove-Item -LiteralPath $unfinished -Force }
    }
}

function Invoke-Retried([scriptblock]$Work) {
    for ($attempt = 1; ; $attempt++) {
        try {
            return & $Work
        } catch {
            $message = $_.Exception.Message
            if (-not $message.StartsWith($Passing) -or $attempt -eq $AttemptsMax) { throw }
            Write-PullLog "$($message.Substring($Passing.Length)); try $attempt of $AttemptsMax" | Out-Host
            Start-Sleep -Seconds $RetryPause
        }
    }
}

# The newest by name stay, and the one that was verified last whatever its name says.
function Remove-OldBackups([string]$LastVerified) {
    $prefix = (Get-NameParts $LastVerified).Prefix
    Get-ChildItem -LiteralPath $Folder -File |
        ForEach-Object { Get-NameParts $_.Name } |
        Where-Object { $_.Prefix -ceq $prefix } |
        Sort-Object -Descending -Property @('Stamp', 'Number') |
        Select-Object -Skip $KeepCount |
        Where-Object { $_.Name -cne $LastVerified } |
        ForEach-Object {
            Remove-Item -LiteralPath (Join-Path $Folder $_.Name) -Force
            Write-PullLog "removed $($_.Name): $KeepCount are kept"
        }
}

function Remove-Leftovers {
    $before = [DateTime]::UtcNow.AddHours(-$LeftoverHours)
    Get-ChildItem -LiteralPath $Folder -File -Force |
        Where-Object { $_.Name -cmatch '^\..+\.db\.[0-9]+\.part\z' -and $_.LastWriteTimeUtc -lt $before } |
        ForEach-Object { Remove-Item -LiteralPath $_.FullName -Force }
}

$Folder = $null
try {
    $ServiceUrl = Get-CheckedUrl $Url
    $Token = Get-Token $TokenFile
    if (-not $Directory) {
        $Directory = [IO.Path]::Combine([Environment]::GetFolderPath('UserProfile'), 'Documents', 'OpspecBackups')
    }
    if (-not $Keep) { $Keep = $DefaultKeep }
    if (-not $RetrySeconds) { $RetrySeconds = $DefaultRetrySeconds }
    $KeepCount = Get-Number 'keep' $Keep 1
    $RetryPause = Get-Number 'retry-seconds' $RetrySeconds 0
    # .NET has a current folder of its own, which is not the one of PowerShell.
    $Folder = (New-Item -ItemType Directory -Path $Directory -Force).FullName

    Remove-Leftovers
    $newest = @(Select-Newest (Invoke-Retried { Get-Listing }))
    if ($newest.Count -eq 0) { throw 'the service has no backup with a checksum' }
    foreach ($backup in $newest) {
        if (Test-Downloaded $backup) {
            Write-PullLog "skipped $($backup.filename): it is here already"
        } else {
            Invoke-Retried { Receive-Backup $backup }
            Write-PullLog "downloaded $($backup.filename): $($backup.size) bytes, sha256 verified"
        }
        Remove-OldBackups $backup.filename
    }
    exit 0
} catch {
    $message = $_.Exception.Message
    if ($message.StartsWith($Passing)) { $message = $message.Substring($Passing.Length) }
    # Nothing could be logged before the folder is known: then it is told on the screen only.
    if ($null -eq $Folder) { [Console]::Error.WriteLine("opspec-pull: failed: $message") }
    else { Write-PullLog "failed: $message" }
    exit 1
}
