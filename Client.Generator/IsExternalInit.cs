namespace System.Runtime.CompilerServices;

/// <summary>What the compiler asks for where records have init setters; netstandard2.0 lacks it.</summary>
internal static class IsExternalInit;
