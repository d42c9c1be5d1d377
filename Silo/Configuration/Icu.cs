using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansCache;

/// <summary>The runtime aborts a process without ICU at the first need of a culture, even in printing why. So it is asked for before all else.</summary>
internal static class Icu
{
    public const string Remedy = "install ICU (Debian and Ubuntu: the package libicu-dev or libicu7x; Alpine: icu-libs and icu-data-full).";

    /// <summary>False when the runtime will not find it.</summary>
    public static bool IsThere()
    {
        try
        {
            return !OperatingSystem.IsLinux() || LoadIcu() != 0;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            return true;        // a runtime that does it in another way has its own message
        }
    }

    /// <summary>Says what is missing, past the console, which needs a culture too.</summary>
    public static void SayMissing()
    {
        const int StandardError = 2;
        using var error = new FileStream(new SafeFileHandle(StandardError, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        error.Write("silo: ICU is not on this system, and keys need its Unicode normalisation: "u8);
        error.Write(System.Text.Encoding.ASCII.GetBytes(Remedy + "\n"));
    }

    // What the runtime itself calls; a second call finds the library loaded.
    [DllImport("libSystem.Globalization.Native", EntryPoint = "GlobalizationNative_LoadICU"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int LoadIcu();
}
