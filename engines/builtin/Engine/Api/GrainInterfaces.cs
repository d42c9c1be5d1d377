namespace OrleansCache.Engine;

/// <summary>Whatever can be called by reference: a grain or an observer.</summary>
public interface IAddressable;

/// <summary>A virtual actor.</summary>
public interface IGrain : IAddressable;

/// <summary>A virtual actor named by a string.</summary>
public interface IGrainWithStringKey : IGrain;

/// <summary>An object outside the grains that grains may call. Kept weakly: its maker must root it.</summary>
public interface IGrainObserver : IAddressable;
